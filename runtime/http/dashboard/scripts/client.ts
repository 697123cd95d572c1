/** Talking to the daemon: JSON calls with the token, and the event stream (fetch, since EventSource sends no headers). */
export const CLIENT_JS = `const TOKEN = 'ganglion-token';

export class ApiError extends Error {
  constructor(status, body) {
    super((body && body.error && body.error.message) || 'The daemon answered with status ' + status + '.');
    this.status = status;
    this.remedy = (body && body.error && body.error.remedy) || '';
  }
}

export function setToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

function headers(more) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, authorization: 'Bearer ' + token } : more;
}

/** The parsed answer; throws ApiError, or TypeError where nothing answers. */
export async function get(path) {
  return answer(await fetch(path, { headers: headers({}), cache: 'no-store' }));
}

export async function post(path, body) {
  const options = { method: 'POST', headers: headers({ 'content-type': 'application/json' }), body: JSON.stringify(body) };
  return answer(await fetch(path, options));
}

async function answer(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok && !(body && body.status)) throw new ApiError(response.status, body);
  return body;
}

/** Calls back for every event until the stream ends, then returns. */
export async function stream(types, onOpen, onEvent, signal) {
  const response = await fetch('/v1/events?types=' + types.join(','), { headers: headers({}), cache: 'no-store', signal });
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null));
  onOpen();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    let end;
    while ((end = rest.indexOf('\\n\\n')) >= 0) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const event = parse(block);
      if (event) onEvent(event.name, event.data);
    }
  }
}

function parse(block) {
  let name = '';
  let data = '';
  for (const line of block.split('\\n')) {
    if (line.startsWith('event: ')) name = line.slice(7);
    else if (line.startsWith('data: ')) data += line.slice(6);
  }
  if (name === '' || data === '') return null;
  try {
    return { name, data: JSON.parse(data) };
  } catch {
    return null;
  }
}
`;
