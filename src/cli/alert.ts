/** Sends a test message to ALERT_URL, with the settings of a role. */
import { Agent } from 'undici';
import { sendAlert } from '../shared/platform/alert-robot.ts';
import { loadConfig } from '../shared/platform/config.ts';
import { type Command, EXIT, flag, UsageError } from './command.ts';

export const alert: Command = {
  name: 'alert',
  usage: ['--test'],
  options: ['test'],
  async run(invocation) {
    const { env, t, values } = invocation;
    if (!flag(values, 'test')) throw new UsageError(t.usage.testOnly);
    const { alert: settings } = loadConfig(env);
    if (!settings) throw new UsageError(t.usage.noAlertUrl);
    const dispatcher = new Agent();
    const message = { type: 'test', id: 'test', text: `[qunfa] ${t.alert.test}` } as const;
    const answer = await sendAlert(dispatcher, { url: settings.url, message });
    await dispatcher.close();
    return answer.delivered
      ? { answer, lines: [t.alert.delivered] }
      : { answer, lines: [t.alert.failed(answer.why)], exit: EXIT.failed };
  },
};
