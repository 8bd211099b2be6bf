// A code cell's editor: CodeMirror, in the page's colours, that does not hold the Tab key captive.
import {
  EditorState,
  EditorView,
  Prec,
  bracketMatching,
  classHighlighter,
  closeBrackets,
  closeBracketsKeymap,
  defaultKeymap,
  drawSelection,
  highlightSpecialChars,
  history,
  historyKeymap,
  indentLess,
  indentMore,
  indentOnInput,
  indentUnit,
  keymap,
  python,
  syntaxHighlighting,
  toggleComment,
} from "../vendor/live/libraries.js";

/**
 * Make an editor for `source`. `run` is called for Shift+Enter and Ctrl+Enter, `changed` with the
 * text after each change. Tab leads past an editor until something was typed or clicked in it; then
 * it indents, until Escape is pressed or the editor is left.
 */
export function makeEditor({ parent, source, label, describedby, run, changed }) {
  let working = false;
  const tab = (act) => (view) => working && act(view);
  const isRun = () => (run(), true);
  const watch = EditorView.updateListener.of((update) => {
    if (update.focusChanged && !update.view.hasFocus) working = false;
    const byHand = (t) => t.isUserEvent("input") || t.isUserEvent("select.pointer");
    if (update.transactions.some(byHand)) working = true;
    if (update.docChanged) changed(update.state.doc.toString());
  });
  return new EditorView({
    parent,
    doc: source,
    extensions: [
      Prec.highest(
        keymap.of([
          { key: "Shift-Enter", run: isRun },
          { key: "Mod-Enter", run: isRun },
          { key: "Tab", run: tab(indentMore), shift: tab(indentLess) },
          { key: "Escape", run: () => ((working = false), false) },
          { key: "Mod-/", run: toggleComment },
        ]),
      ),
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
      history(),
      python(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      drawSelection(),
      highlightSpecialChars(),
      syntaxHighlighting(classHighlighter),
      EditorView.contentAttributes.of({
        "aria-label": label,
        "aria-describedby": describedby,
        tabindex: "0", // as it is anyway; for those who look for it in the markup
        spellcheck: "false",
        autocorrect: "off",
        autocapitalize: "off",
        translate: "no",
      }),
      watch,
    ],
  });
}

/** Put another text into an editor. */
export function setText(view, text) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}
