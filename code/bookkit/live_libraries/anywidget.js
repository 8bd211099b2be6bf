// Modules are read in the order of their imports: the stand-in, then what hands itself to it.
import "./amd.js";
import "anywidget";

/** Of `@jupyter-widgets/base`: the classes AnyModel and AnyView. */
export const anywidget = globalThis.define.factory;
delete globalThis.define;
