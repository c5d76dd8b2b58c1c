import { writeNewFile } from '../terminal/new-file.ts'
import { write } from '../terminal/output.ts'

/** Writes a secret to a new file for its owner only, or to standard output. */
export async function writeOut(
  text: string,
  { out, force = false }: { readonly out?: string; readonly force?: boolean },
): Promise<void> {
  if (out === undefined) await write(text)
  else writeNewFile(out, text, { replaces: force })
}
