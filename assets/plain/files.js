/* Keeps My files up to date while anything of it may still change; without it the page shows what was when it came. */
(function () {
  "use strict";
  const EVERY = 1500; // milliseconds
  const AFTER_A_FAULT = 5000;
  const list = document.getElementById("files-list");
  const news = document.getElementById("files-news");
  let shown = list.innerHTML;

  function ended() {
    return list.querySelectorAll('[data-state="done"], [data-state="failed"], [data-state="cancelled"]').length;
  }

  async function renew() {
    let wait = EVERY;
    try {
      const answer = await fetch(`/files/list?only=${encodeURIComponent(list.dataset.only)}`, {
        headers: { Accept: "application/json" },
      });
      if (answer.status === 401) return window.location.reload();
      if (!answer.ok) throw new Error(answer.statusText);
      const now = await answer.json();
      if (now.list !== shown) {
        const before = ended();
        const focused = document.activeElement && document.activeElement.id;
        list.innerHTML = shown = now.list;
        /* A button that was reached by keyboard stays reached, if it is still there. */
        if (focused && document.activeElement === document.body) {
          const again = document.getElementById(focused);
          if (again) again.focus();
        }
        if (ended() > before) news.textContent = "A file is ready or has ended.";
      }
      if (!now.busy) return;
    } catch {
      wait = AFTER_A_FAULT;
    }
    setTimeout(renew, wait);
  }

  if (list.dataset.busy === "yes") setTimeout(renew, EVERY);
})();
