/* The only script: it warns before the session ends. Every page works without it. */
(() => {
  "use strict";
  const warning = document.getElementById("idle");
  const errors = document.getElementById("fouten-lijst");
  if (errors) errors.focus();
  if (!warning) return;
  const minute = 60000;
  const wait = Math.max(Number(warning.dataset.minutes) - 2, 0.5) * minute;
  let timer;
  const begin = () => {
    warning.hidden = true;
    clearTimeout(timer);
    timer = setTimeout(() => { warning.hidden = false; }, wait);
  };
  warning.querySelector("button").addEventListener("click", async () => {
    const answer = await fetch(warning.dataset.stay, { credentials: "same-origin" }).catch(() => null);
    if (answer && answer.ok) begin();
    else warning.firstElementChild.textContent =
      "U bent afgemeld. Verstuur het formulier gewoon: na het aanmelden krijgt u het ingevuld terug.";
  });
  begin();
})();
