/* The theme. "system" follows the person's own setting as it changes. assets/theme.js, in the document's head, has
 * painted it before this runs. */
(function () {
  "use strict";

  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const page = {
    /* The switch shows what this browser keeps. */
    startTheme() {
      const choice = window.customerDynamicsTheme.chosen();
      return [choice, window.customerDynamicsTheme.paint(choice)];
    },
    paintTheme: (choice) => window.customerDynamicsTheme.paint(choice),
  };
  window.dash_clientside = Object.assign({}, window.dash_clientside, { page });

  /* A server that does not answer, or breaks off, is told to the person as well. To Dash it then looks like a callback
   * that changed nothing: left with an error it would keep Query disabled and the progress running for ever. */
  const plain = window.fetch;
  const say = (text) =>
    window.dash_clientside.set_props("page-messages", {
      children: {
        namespace: "dash_bootstrap_components",
        type: "Alert",
        props: {
          children: [{ namespace: "dash_html_components", type: "Span", props: { children: text, className: "message-text" } }],
          className: "message message-bad",
          color: "light",
          dismissable: true,
          fade: false,
        },
      },
    });
  window.fetch = function (resource, ...rest) {
    const answer = plain.call(window, resource, ...rest);
    const address = typeof resource === "string" ? resource : resource.url;
    if (!address.includes("_dash-update-component")) return answer;
    const nothing = () => new Response(null, { status: 204 });
    return answer.then(
      (response) => {
        if (response.status < 500) return response;
        say("The server could not finish this: try again, or load the page anew.");
        return nothing();
      },
      (fault) => {
        if (fault.name === "AbortError") throw fault;
        say("The server did not answer: check the connection, then try again.");
        return nothing();
      }
    );
  };

  /* The report's place is kept free for an opened link until it is there, or until something else is said instead. */
  const root = document.documentElement;
  if (root.classList.contains("opening")) {
    const watch = new MutationObserver(() => {
      if (!document.querySelector("#form-panel.folded, #page-messages .message, .apology")) return;
      root.classList.remove("opening");
      watch.disconnect();
    });
    watch.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
  }

  dark.addEventListener("change", () => {
    if (window.customerDynamicsTheme.chosen() !== "system") return;
    window.dash_clientside.set_props("theme-store", { data: window.customerDynamicsTheme.paint("system") });
  });
})();
