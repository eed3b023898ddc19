// Runs before the page is drawn, so that what needs scripts does not appear late. A file, because the policy allows no inline script.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) document.body.classList.add("govuk-frontend-supported");
