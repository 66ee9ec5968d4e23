/* What every script of the page begins with, and how they find one another: each puts what others may call into
 * window.customerDynamics, and nothing is called before all of them are there. */
(function () {
  "use strict";

  const none = () => window.dash_clientside.no_update;
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const by = (id) => document.getElementById(id);
  const same = (one, other) => JSON.stringify(one || []) === JSON.stringify(other || []);

  /* Functions that Dash calls by the names "namespace.function". */
  function answer(namespace, functions) {
    const known = window.dash_clientside || {};
    window.dash_clientside = Object.assign({}, known, { [namespace]: Object.assign(known[namespace] || {}, functions) });
  }

  /* A note at the edge of the page that goes by itself; with a field in it the person has time to use it. */
  let note = null;
  let noteEnds = 0;

  /* Notices, Undo and notes stand over one another at the foot of the page; none covers another. */
  function stack() {
    const high = (element) => {
      const box = element && !element.hidden && element.getBoundingClientRect();
      return box && box.height ? box.height + 8 : 0;
    };
    const messages = high(by("page-messages"));
    const undo = high(by("templates-undo-bar"));
    const { style } = document.documentElement;
    style.setProperty("--below-undo", `${messages}px`);
    style.setProperty("--below-note", `${messages + undo}px`);
  }

  new MutationObserver(() => requestAnimationFrame(stack)).observe(document, { subtree: true, childList: true, attributeFilter: ["hidden"] });

  function say(text, field) {
    if (!note) {
      note = document.createElement("div");
      note.className = "toast-note";
      note.setAttribute("role", "status");
      document.body.append(note);
    }
    note.replaceChildren(text);
    if (field) note.append(field);
    note.classList.add("is-shown");
    stack();
    clearTimeout(noteEnds);
    noteEnds = setTimeout(() => note.classList.remove("is-shown"), field ? 20000 : 3000);
  }

  window.customerDynamics = { by, set, none, same, answer, say };
})();
