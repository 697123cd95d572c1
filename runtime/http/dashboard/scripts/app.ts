/** What ties the page together: loading, the live stream with reconnects, health, approvals, asking and the token. */
export const APP_JS = `import { ApiError, get, post, setToken, stream } from '/assets/client.js';
import { addDecision, setChip, setNames, showAll, showFeedback } from '/assets/decisions.js';
import { applyReading, entityNames, showState } from '/assets/state.js';
import { byId, callText, el, idTime, short, span, time, word } from '/assets/view.js';

const TYPES = ['reading', 'decision', 'action', 'outcome', 'feedback', 'source', 'policies', 'problem'];
const later = new Map();

/** Runs a task once, soon, however often it is asked for. */
function soon(name, task, ms) {
  if (later.has(name)) return;
  later.set(name, setTimeout(() => {
    later.delete(name);
    task().catch(() => {});
  }, ms));
}

async function loadState() {
  const [state, devices] = await Promise.all([get('/v1/state'), get('/v1/devices')]);
  showState(state, devices.areas);
  setNames(entityNames());
}

async function loadHealth() {
  const health = await get('/health');
  byId('health-dot').className = 'dot ' + word(health.status);
  byId('health-text').textContent = health.status;
  if (!health.parts) return;
  byId('node').textContent = short(health.node, 60);
  document.title = short(health.node, 60) + ' · Ganglion';
  byId('about').textContent = 'Version ' + health.version + ', up for ' + span(health.uptimeS);
  byId('health-parts').replaceChildren(...health.parts.map((part) =>
    el('li', {}, el('span', { class: 'dot ' + word(part.status), role: 'img', 'aria-label': part.status }), el('strong', {}, short(part.name, 60)), el('span', {}, short(part.detail, 200)))));
}

async function loadApprovals() {
  const { approvals } = await get('/v1/approvals');
  byId('approvals-panel').hidden = approvals.length === 0;
  byId('approvals-count').textContent = String(approvals.length);
  const names = entityNames();
  byId('approvals').replaceChildren(...approvals.slice(0, 50).map(({ action, code }) => {
    const text = callText(action, names);
    const answer = (verdict) => async (click) => {
      const row = click.target.closest('li');
      for (const button of row.querySelectorAll('button')) button.disabled = true;
      try {
        await post('/v1/approvals/' + encodeURIComponent(action.id), { verdict });
      } catch (error) {
        banner(error.message);
      }
      soon('approvals', loadApprovals, 0);
    };
    return el('li', {},
      el('span', {}, el('strong', {}, text), el('small', {}, action.entity + ' · asked at ' + time(idTime(action.decision)) + (code ? ' · MQTT code ' + short(code, 12) : ''))),
      el('span', { class: 'buttons' },
        el('button', { type: 'button', 'aria-label': 'Deny: ' + text, onclick: answer('deny') }, 'Deny'),
        el('button', { type: 'button', class: 'yes', 'aria-label': 'Approve: ' + text, onclick: answer('approve') }, 'Approve')));
  }));
}

async function loadAll() {
  await loadHealth();
  await loadState();
  const [decisions] = await Promise.all([get('/v1/decisions?limit=50'), loadApprovals()]);
  showAll(decisions.decisions);
}

function onEvent(name, event) {
  if (name === 'reading') {
    if (!applyReading(event.reading)) soon('state', loadState, 1000);
  } else if (name === 'decision') addDecision(event.decision, true);
  else if (name === 'action') {
    setChip(event.action, event.stage);
    soon('approvals', loadApprovals, 200);
  } else if (name === 'outcome') setChip(event.action, event.outcome.status, event.outcome.detail);
  else if (name === 'feedback') showFeedback(event.feedback);
  else if (name === 'dropped') soon('all', loadAll, 1000);
  else soon('health', loadHealth, 500);
}

function banner(text) {
  byId('banner').textContent = text;
  byId('banner').hidden = text === '';
}

function offline(error) {
  byId('health-dot').className = 'dot offline';
  byId('health-text').textContent = 'offline';
  banner(error instanceof ApiError ? error.message + ' ' + error.remedy : 'The daemon does not answer. Trying again…');
}

function askToken(wrong) {
  const dialog = byId('token-dialog');
  byId('token-error').textContent = wrong ? 'That is not the token.' : '';
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      const token = byId('token').value.trim();
      byId('token').value = '';
      if (token) setToken(token);
      resolve();
    }, { once: true });
    dialog.showModal();
  });
}

async function live() {
  let pause = 1000;
  let tried = false;
  for (;;) {
    try {
      await stream(TYPES, () => {
        pause = 1000;
        tried = false;
        banner('');
        loadAll().catch(offline);
      }, onEvent);
      offline(null);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        await askToken(tried);
        tried = true;
        continue;
      }
      offline(error);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(15000, pause * 2);
  }
}

byId('ask').addEventListener('submit', async (submit) => {
  submit.preventDefault();
  const button = submit.target.querySelector('button');
  const text = byId('ask-text').value.trim();
  if (text === '' || button.disabled) return;
  button.disabled = true;
  byId('answer').className = 'answer';
  byId('answer').textContent = 'Deciding…';
  try {
    const { decision, outcomes } = await post('/v1/ask', { text });
    const names = entityNames();
    const calls = decision.actions.map((action) => {
      const outcome = outcomes.find((outcome) => outcome.action === action.id);
      return callText(action, names) + (outcome ? ' — ' + outcome.status : '');
    });
    const refused = decision.refused.map((refusal) => 'Refused ' + callText(refusal.call, names) + ': ' + refusal.reason);
    byId('answer').textContent = short([...calls, ...refused].join('\\n') || decision.explanation || 'Nothing to do.', 1000);
    byId('ask-text').value = '';
  } catch (error) {
    byId('answer').className = 'answer error';
    byId('answer').textContent = error instanceof ApiError ? error.message + ' ' + error.remedy : 'The daemon does not answer.';
  } finally {
    button.disabled = false;
  }
});

byId('only-acts').addEventListener('change', (change) => {
  byId('decision-list').classList.toggle('only-acts', change.target.checked);
});

document.addEventListener('click', (click) => {
  if (!byId('health').contains(click.target)) byId('health').open = false;
});
document.addEventListener('keydown', (key) => {
  if (key.key === 'Escape') byId('health').open = false;
});

setInterval(() => loadHealth().catch(() => {}), 15000);
setInterval(() => loadApprovals().catch(() => {}), 30000);
void live();
`;
