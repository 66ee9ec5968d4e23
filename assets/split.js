/* Table and charts share the screen: the split between them is dragged, moved by arrows, and remembered by the browser; and
 * so is whether the charts stand beside the table or below. */
(function () {
  "use strict";

  const { by } = window.customerDynamics;

  const LEAST = 25; // per cent of the width that are the table's at most
  const MOST = 80;
  const USUAL = 62;
  const SPLIT = "customer-dynamics-split";
  const BELOW = "customer-dynamics-charts-below";
  const root = document.documentElement;

  /* Private windows may forbid it: the choice then lasts as long as the page. */
  function kept(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  function keep(key, value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      /* see above */
    }
  }

  let share = Number(kept(SPLIT)) || USUAL;

  function divide(wanted, remember) {
    share = Math.round(Math.min(MOST, Math.max(LEAST, wanted)) * 10) / 10;
    root.style.setProperty("--split", `${share}%`);
    const split = by("chart-split");
    if (split) split.setAttribute("aria-valuenow", String(Math.round(share)));
    if (remember) keep(SPLIT, String(share));
  }

  function place(below) {
    root.classList.toggle("charts-below", below);
    const button = by("chart-place");
    if (button) button.setAttribute("aria-pressed", String(below));
  }

  divide(share, false);
  place(kept(BELOW) === "yes");
  // The page comes later than its scripts.
  const arrival = new MutationObserver(() => {
    if (!by("chart-place")) return;
    arrival.disconnect();
    divide(share, false);
    place(root.classList.contains("charts-below"));
  });
  arrival.observe(document, { subtree: true, childList: true });

  document.addEventListener("pointerdown", (event) => {
    const split = event.target instanceof Element && event.target.closest("#chart-split");
    if (!split || event.button) return;
    event.preventDefault();
    split.focus({ preventScroll: true });
    split.setPointerCapture(event.pointerId);
    split.classList.add("is-dragged");
    const box = split.parentElement.getBoundingClientRect();
    const move = ({ clientX }) => divide(((clientX - box.left) / box.width) * 100, false);
    const end = () => {
      split.classList.remove("is-dragged");
      split.removeEventListener("pointermove", move);
      keep(SPLIT, String(share));
    };
    split.addEventListener("pointermove", move);
    split.addEventListener("lostpointercapture", end, { once: true });
  });

  document.addEventListener("dblclick", (event) => {
    if (event.target instanceof Element && event.target.closest("#chart-split")) divide(USUAL, true);
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.target instanceof Element) || event.target.id !== "chart-split") return;
    const steps = { ArrowLeft: share - 2, ArrowRight: share + 2, Home: LEAST, End: MOST };
    if (!(event.key in steps)) return;
    event.preventDefault();
    divide(steps[event.key], true);
  });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("#chart-place");
    if (!button) return;
    const below = !root.classList.contains("charts-below");
    place(below);
    keep(BELOW, below ? "yes" : "no");
  });
})();
