// What the live pages (assets/live/) use of npm, as one module: assets/vendor/live/libraries.js.
export { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
export {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
  toggleComment,
} from "@codemirror/commands";
export { python } from "@codemirror/lang-python";
export {
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
export { EditorState, Prec } from "@codemirror/state";
export { EditorView, drawSelection, highlightSpecialChars, keymap } from "@codemirror/view";
export { KernelManager, ServerConnection } from "@jupyterlab/services";
export * as base from "@jupyter-widgets/base";
export { ManagerBase } from "@jupyter-widgets/base-manager";
export * as controls from "@jupyter-widgets/controls";
export { classHighlighter } from "@lezer/highlight";
export { Widget } from "@lumino/widgets";
export { AnsiUp } from "ansi_up";
import "@jupyter-widgets/controls/css/widgets.css";

// anywidget is written for a loader of the old kind, AMD: it hands its factory to `define`.
export { anywidget } from "./anywidget.js";
