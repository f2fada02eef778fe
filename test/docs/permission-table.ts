/** Which permission each call needs, from the routes' declarations. */
import { PERMISSIONS } from '../../src/shared/platform/people.ts';
import { declared } from '../producer/as-described.ts';

export const PERMISSION_TABLES: Readonly<Record<string, () => string>> = {
  permissions: () =>
    [
      `| call | ${PERMISSIONS.filter((one) => one !== 'everyone').join(' | ')} |`,
      '|---|---|---|---|---|---|',
      ...declared
        .filter(({ permission }) => permission !== undefined)
        .map(({ method, path, permission }) => {
          const cells = PERMISSIONS.filter((one) => one !== 'everyone').map((one) =>
            one === permission ? '✓' : '',
          );
          return `| \`${method.toUpperCase()} ${path}\` | ${cells.join(' | ')} |`;
        }),
    ].join('\n'),
};
