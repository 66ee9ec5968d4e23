/* Every request that may change something carries the token of the person's own page, and a person whose session has
 * ended is taken to where they sign in, and back. */
(function () {
  "use strict";
  const plain = window.fetch.bind(window);
  const unchanging = ["GET", "HEAD", "OPTIONS"];

  function token() {
    const found = document.cookie.split("; ").find((cookie) => cookie.startsWith("csrf="));
    return found ? decodeURIComponent(found.slice(5)) : "";
  }

  window.fetch = function (resource, options) {
    const request = new Request(resource, options);
    const ours = new URL(request.url, window.location.href).origin === window.location.origin;
    if (ours && !unchanging.includes(request.method)) {
      const headers = new Headers((options && options.headers) || request.headers);
      headers.set("X-CSRFToken", token());
      options = Object.assign({}, options, { headers });
    }
    return plain(resource, options).then((answer) => {
      if (ours && answer.status === 401) {
        const here = window.location.pathname + window.location.search;
        window.location.assign("/sign-in?next=" + encodeURIComponent(here));
      }
      return answer;
    });
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#page-sign-out")) return;
    event.preventDefault();
    window.fetch("/sign-out", { method: "POST", redirect: "manual" }).then(() => window.location.assign("/sign-in"));
  });
})();
