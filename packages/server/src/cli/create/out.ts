import { writeNewFile } from '../terminal/new-file.ts'
import { type Terminal, write } from '../terminal/terminal.ts'

/** Writes a secret to a new file for its owner only, or to standard output. */
export async function writeOut(
  terminal: Terminal,
  text: string,
  { out, force = false }: { readonly out?: string; readonly force?: boolean },
): Promise<void> {
  if (out === undefined) await write(terminal, text)
  else writeNewFile(out, text, { replaces: force })
}
