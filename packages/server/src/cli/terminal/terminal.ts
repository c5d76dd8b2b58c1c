import { styleText } from 'node:util'
import type { UserInfo } from '@kube-authn/core'
import { withoutControls } from '@kube-authn/internal/printable'

/** What a command uses of its process: its streams, its environment, its signals, and how it ends. */
export type Terminal = Pick<
  NodeJS.Process,
  'stdin' | 'stdout' | 'stderr' | 'env' | 'exitCode' | 'exit' | 'on' | 'off' | 'removeAllListeners'
>

/** Writes to stdout, and resolves once it is written: a process that exits earlier loses the rest of what a pipe has not taken. */
export function write({ stdout }: Pick<Terminal, 'stdout'>, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Writes a line to stderr, for the person at the terminal. */
export function note({ stderr }: Pick<Terminal, 'stderr'>, line: string): void {
  stderr.write(`${withoutControls(line)}\n`)
}

/** Writes a result to stdout, as the option `--output` says: lines for people, or JSON for programs. */
export async function writeResult(
  terminal: Terminal,
  output: 'text' | 'json',
  result: object,
  linesFor: (style: Style) => readonly string[],
): Promise<void> {
  const lines = output === 'json' ? [JSON.stringify(result, null, 2)] : linesFor(styleFor(terminal))
  await write(terminal, `${lines.join('\n')}\n`)
}

/** Colours a string, or leaves it as it is. */
export type Style = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string

/** Colours for a terminal, and none elsewhere. `NO_COLOR` turns them off, `FORCE_COLOR` on. Source: https://no-color.org */
export function styleFor({ stdout, env }: Pick<Terminal, 'stdout' | 'env'>): Style {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = env
  const isWanted = FORCE_COLOR !== '' && FORCE_COLOR !== '0'
  const isColoured = NO_COLOR === '' && (isWanted || (stdout.isTTY && TERM !== 'dumb'))
  return isColoured ? (format, text) => styleText(format, text) : (_format, text) => text
}

/** A user, a line for each part that is not empty. */
export function userLines({ username, uid, groups, extra }: UserInfo): readonly string[] {
  const rows = [
    ['user', username],
    ['uid', uid],
    ['groups', groups.join(', ')],
    ...Object.entries(extra).map(([key, values]) => ['extra', `${key}: ${values.join(', ')}`] as const),
  ] as const
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(7)} ${withoutControls(value)}`)
}
