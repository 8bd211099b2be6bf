// Widgets that the page's kernel shows: the book's interactive figures (anywidget), the controls of
// ipywidgets, and its Output. Python and the page see the same state.
import {
  ManagerBase,
  Widget,
  anywidget,
  base,
  controls,
} from "../vendor/live/libraries.js";
import { Outputs } from "./outputs.js";

// `@jupyter-widgets/output` in short: what is printed within `with out:`, or by a function under
// `interact`, stands in the widget.
const SHOWN = ["stream", "error", "display_data", "execute_result", "clear_output"];

class OutputModel extends base.DOMWidgetModel {
  defaults() {
    return {
      ...super.defaults(),
      _model_name: "OutputModel",
      _model_module: "@jupyter-widgets/output",
      _view_name: "OutputView",
      _view_module: "@jupyter-widgets/output",
      msg_id: "",
      outputs: [],
    };
  }

  initialize(attributes, options) {
    super.initialize(attributes, options);
    this.said = []; // messages; a view that comes later shows them too
    this.shownBy = new Set();
    this.listenTo(this, "change:msg_id", this.follow);
    this.follow();
  }

  /** Python names the request whose outputs are this widget's: from now on they come here. */
  follow() {
    const { kernel } = this.widget_manager;
    this.unhook?.();
    const id = this.get("msg_id");
    if (!id || !kernel) return;
    const hook = (message) => !this.take(message);
    kernel.registerMessageHook(id, hook);
    this.unhook = () => kernel.removeMessageHook(id, hook);
  }

  /** True if the message was an output; then it is not the cell's as well. */
  take(message) {
    if (!SHOWN.includes(message.header.msg_type)) return false;
    if (message.header.msg_type === "clear_output" && !message.content.wait) this.said = [];
    else this.said.push(message);
    for (const view of this.shownBy) view.outputs.hear(message);
    return true;
  }
}

class OutputView extends base.DOMWidgetView {
  render() {
    super.render();
    this.outputs = new Outputs(this.el, { widgets: this.model.widget_manager });
    for (const message of this.model.said) this.outputs.hear(message);
    this.model.shownBy.add(this);
  }

  remove() {
    this.model.shownBy.delete(this);
    this.outputs.clear();
    return super.remove();
  }
}

const MODULES = {
  "@jupyter-widgets/base": base,
  "@jupyter-widgets/controls": controls,
  "@jupyter-widgets/output": { OutputModel, OutputView },
  anywidget: anywidget(base),
};

// ipywidgets asks for formulas in its labels as MathJax 2 was asked.
if (window.MathJax) {
  window.MathJax.Hub ??= {
    Queue: ([, , element]) => window.MathJax.typesetPromise([element]),
  };
}

/** The widgets of one kernel. */
export class Widgets extends ManagerBase {
  constructor() {
    super();
    this.kernel = null;
  }

  /** Belong to `kernel`, which has no widgets yet. */
  async attach(kernel) {
    await this.clear_state();
    this.kernel = kernel;
    kernel.registerCommTarget(this.comm_target_name, async (comm, message) => {
      await this.handle_comm_open(new base.shims.services.Comm(comm), message);
    });
  }

  async show(model_id, element) {
    if (!this.has_model(model_id)) throw new Error("the kernel that made it is gone.");
    const view = await this.create_view(await this.get_model(model_id));
    Widget.attach(view.luminoWidget ?? view.pWidget, element);
    return () => (view.luminoWidget ?? view.pWidget).dispose();
  }

  async loadClass(className, moduleName) {
    const found = MODULES[moduleName]?.[className];
    if (!found) throw new Error(`the page has no ${moduleName} (${className}).`);
    return found;
  }

  async _create_comm(target, id, data, metadata, buffers) {
    const comm = this.kernel.createComm(target, id);
    if (data || metadata) comm.open(data, metadata, buffers);
    return new base.shims.services.Comm(comm);
  }

  async _get_comm_info() {
    const reply = await this.kernel.requestCommInfo({ target_name: this.comm_target_name });
    return reply.content.status === "ok" ? reply.content.comms : {};
  }
}
