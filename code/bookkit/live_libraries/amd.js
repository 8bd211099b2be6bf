// Stands in for a loader of the old kind while anywidget.js is read: keeps what is handed to it.
globalThis.define = (names, factory) => {
  globalThis.define.factory = factory;
};
