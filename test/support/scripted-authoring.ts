import type {
  Authoring,
  AuthorReply,
  AuthorRequest,
  AuthorVerdict,
} from '../../runtime/contract/authoring.ts';

/** Authoring that answers from a script and records what it was asked. For tests of what stands on it. */
export class ScriptedAuthoring implements Authoring {
  readonly asked: (AuthorRequest | AuthorVerdict)[] = [];
  reply: AuthorReply = {
    sentence: 'when the door opens turn on the light',
    status: 'proposed',
    draft: '0123abcd',
    rung: 'link',
    confidence: 1,
    policies: [
      {
        id: 'light-on',
        text: 'id: light-on\nwhen: binary_sensor.door.state == "on"\nthen: light.hall.turn_on\n',
      },
    ],
    words: 'When Door opens: turn on Hall light.',
    parts: [{ part: 'when', text: 'binary_sensor.door.state == "on"', words: ['the door opens'] }],
    notes: [],
    notUnderstood: [],
    others: [],
    conflicts: [],
    tests: [],
    versions: [],
  };

  author(request: AuthorRequest): Promise<AuthorReply> {
    this.asked.push(request);
    return Promise.resolve(this.reply);
  }

  judge(verdict: AuthorVerdict): AuthorReply {
    this.asked.push(verdict);
    return this.reply;
  }
}
