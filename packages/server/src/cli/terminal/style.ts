import { styleText } from 'node:util'
import type { Terminal } from './terminal.ts'

/** Colours a string, or leaves it as it is. */
export type Style = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string) => string

/**
 * Colours for a terminal, and none elsewhere. `NO_COLOR` turns them off, `FORCE_COLOR` on.
 *
 * Source: https://no-color.org
 */
export function styleFor({ stdout, env }: Pick<Terminal, 'stdout' | 'env'>): Style {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM } = env
  const isWanted = FORCE_COLOR !== '' && FORCE_COLOR !== '0'
  const isColoured = NO_COLOR === '' && (isWanted || (stdout.isTTY && TERM !== 'dumb'))
  return isColoured ? (format, text) => styleText(format, text) : (_format, text) => text
}
