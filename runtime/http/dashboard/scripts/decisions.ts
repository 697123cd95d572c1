/** The list of decisions: cards that gain outcomes and feedback as these arrive. */
export const DECISIONS_JS = `import { post } from '/assets/client.js';
import { byId, callText, el, latency, short, thumbIcon, time, value, word } from '/assets/view.js';

const MOST = 100;
/** decision id → { item, chips: Map<action id, chip>, thumbs } */
const cards = new Map();
let names = new Map();

export function setNames(entityNames) {
  names = entityNames;
}

export function showAll(records) {
  const fresh = records.filter((record) => !cards.has(record.decision.id));
  for (const record of fresh.toReversed()) addDecision(record.decision, false);
  for (const record of records) {
    for (const action of record.actions) setChip(action.action, action.outcome ? action.outcome.status : action.stage, action.outcome && action.outcome.detail);
    for (const feedback of record.feedback) showFeedback(feedback);
  }
}

export function addDecision(decision, live) {
  if (cards.has(decision.id)) return;
  const acts = decision.actions.length > 0;
  const chips = el('span', { class: 'meta' });
  const what = acts ? decision.actions.map((action) => callText(action, names)).join(' · ') : nothing(decision);
  const good = thumb(false, 'Good decision', decision.id, 1);
  const bad = thumb(true, 'Bad decision', decision.id, -1);
  const item = el('li', { class: (acts ? '' : 'idle') + (live ? ' fresh' : '') },
    el('div', { class: 'meta' },
      el('time', { datetime: new Date(decision.at).toISOString() }, time(decision.at)),
      el('span', { class: 'rung ' + word(decision.rung), title: 'The rung of the ladder that decided' }, short(decision.rung, 30)),
      decision.policy ? el('span', {}, short(decision.policy, 60)) : '',
      el('span', { class: 'latency', title: 'From the trigger to the decision' }, latency(decision.latencyMs)),
      chips),
    el('p', { class: 'what' }, short(what, 400)),
    el('p', { class: 'why' }, why(decision)),
    el('div', { class: 'thumbs', role: 'group', 'aria-label': 'Rate this decision' }, good, bad),
    details(decision));
  cards.set(decision.id, { item, chips, byAction: new Map(), good, bad });
  byId('decision-list').prepend(item);
  byId('decisions-empty').hidden = true;
  for (const action of decision.actions) setChip(action, 'pending');
  while (cards.size > MOST) {
    const oldest = cards.keys().next().value;
    cards.get(oldest).item.remove();
    cards.delete(oldest);
  }
}

export function setChip(action, status, detail) {
  const card = cards.get(action.decision);
  if (!card) return;
  let chip = card.byAction.get(action.id);
  if (!chip) {
    chip = el('span', {});
    card.byAction.set(action.id, chip);
    card.chips.append(chip);
  }
  chip.className = 'chip ' + word(status);
  chip.textContent = status === 'awaiting-approval' ? 'waits for approval' : short(status, 30);
  chip.title = callText(action, names) + (detail ? ': ' + short(detail, 200) : '');
}

export function showFeedback(feedback) {
  const card = cards.get(feedback.decision);
  if (!card || feedback.source !== 'explicit') return;
  card.good.setAttribute('aria-pressed', String(feedback.reward > 0));
  card.bad.setAttribute('aria-pressed', String(feedback.reward < 0));
}

function nothing(decision) {
  if (decision.refused.length > 0) return 'Refused ' + decision.refused.map((refusal) => callText(refusal.call, names)).join(' · ');
  return decision.rung === 'abstain' ? 'No rung was sure enough' : 'Nothing to do';
}

function why(decision) {
  const asked = decision.trigger && decision.trigger.kind === 'request' ? '“' + short(decision.trigger.text, 200) + '” — ' : '';
  return asked + short(decision.explanation, 400);
}

function thumb(down, label, decision, reward) {
  const button = el('button', { type: 'button', 'aria-label': label, title: label, 'aria-pressed': 'false' }, thumbIcon(down));
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      showFeedback(await post('/v1/feedback', { decision, reward }));
    } catch (error) {
      button.title = error.message;
    } finally {
      button.disabled = false;
    }
  });
  return button;
}

function details(decision) {
  const rows = el('dl', {});
  const row = (term, text) => rows.append(el('dt', {}, short(term, 80)), el('dd', {}, short(text, 300)));
  row('confidence', Math.round(decision.confidence * 100) + ' %');
  for (const [key, input] of Object.entries(decision.inputs || {}).slice(0, 30)) row(key, value(input));
  for (const skipped of decision.skipped.slice(0, 10)) row(skipped.rung + ' skipped', skipped.reason);
  for (const refusal of decision.refused.slice(0, 10)) row('refused', callText(refusal.call, names) + ': ' + refusal.reason);
  if (decision.tokens) row('tokens', decision.tokens.cached + ' cached, ' + decision.tokens.prompt + ' read, ' + decision.tokens.generated + ' written');
  if (!decision.durable) row('journal', 'not stored: the disk is full or read-only');
  row('id', decision.id);
  return el('details', { class: 'more' }, el('summary', {}, 'Why'), rows);
}
`;
