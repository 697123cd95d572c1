/** The page. Everything that changes is put in by the scripts, as text. */
export const PAGE_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#f5f6f4" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#14171a" media="(prefers-color-scheme: dark)">
<title>Ganglion</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cg stroke='%232e8b6f' stroke-width='3'%3E%3Cpath d='M16 16 6 7M16 16l11-8M16 16 7 26M16 16l10 9'/%3E%3C/g%3E%3Ccircle cx='16' cy='16' r='7' fill='%232e8b6f'/%3E%3C/svg%3E">
<link rel="stylesheet" href="/assets/style.css">
<script type="module" src="/assets/app.js"></script>
</head>
<body>
<a class="skip" href="#decisions">Skip to decisions</a>
<header class="top">
  <div class="brand">
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true"><path d="M16 16 6 7M16 16l11-8M16 16 7 26M16 16l10 9"/><circle cx="16" cy="16" r="7"/></svg>
    <h1>Ganglion <span id="node"></span></h1>
  </div>
  <details class="health" id="health">
    <summary><span class="dot" id="health-dot"></span><span id="health-text" role="status">connecting…</span></summary>
    <div class="health-parts"><ul id="health-parts"></ul><p id="about"></p></div>
  </details>
</header>
<p class="banner" id="banner" role="alert" hidden></p>
<main>
  <div class="column">
    <section class="panel" id="approvals-panel" aria-labelledby="approvals-title" hidden>
      <h2 id="approvals-title">Waiting for you <span class="count" id="approvals-count"></span></h2>
      <ul class="approvals" id="approvals"></ul>
    </section>
    <section class="panel" aria-labelledby="ask-title">
      <h2 id="ask-title">Ask</h2>
      <form class="ask" id="ask">
        <label class="hidden" for="ask-text">What should happen?</label>
        <input id="ask-text" name="text" maxlength="2000" autocomplete="off" enterkeyhint="send" placeholder="Turn on the kitchen light" required>
        <button type="submit">Ask</button>
      </form>
      <p class="answer" id="answer" role="status"></p>
    </section>
    <section class="panel" id="decisions" tabindex="-1" aria-labelledby="decisions-title">
      <div class="panel-head">
        <h2 id="decisions-title">Decisions</h2>
        <label class="toggle"><input type="checkbox" id="only-acts"> only those that act</label>
      </div>
      <p class="empty" id="decisions-empty">Nothing decided yet. A rule or a request will show up here at once.</p>
      <ol class="decisions" id="decision-list"></ol>
    </section>
  </div>
  <div class="column">
    <section class="panel" aria-labelledby="state-title">
      <h2 id="state-title">State</h2>
      <p class="empty" id="state-empty">No device has reported yet.</p>
      <div class="areas" id="areas"></div>
    </section>
  </div>
</main>
<noscript><p class="banner">This page needs JavaScript; everything it shows is at /v1/state and /v1/decisions too.</p></noscript>
<dialog id="token-dialog" aria-labelledby="token-title">
  <form method="dialog" id="token-form">
    <h2 id="token-title">This daemon needs a token</h2>
    <p>It is <code>http.token</code> in ganglion.yaml. It stays in this tab until you close it.</p>
    <label for="token">Token</label>
    <input id="token" type="password" autocomplete="off" required>
    <p class="error" id="token-error" role="alert"></p>
    <button type="submit">Continue</button>
  </form>
</dialog>
</body>
</html>
`;
