/** Every command there is, in the order of the help. */
import { accounts } from './accounts.ts';
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { audience, media } from './library.ts';
import { list, show, watch } from './look.ts';
import { preview } from './preview.ts';
import { plan, send } from './send.ts';
import { approve, cancel, pause, recall, reject, resolve, resume, retry } from './steer.ts';

export const COMMANDS: readonly Command[] = [
  send,
  plan,
  preview,
  watch,
  list,
  show,
  pause,
  resume,
  cancel,
  approve,
  reject,
  retry,
  resolve,
  recall,
  media,
  audience,
  accounts,
  doctor,
];
