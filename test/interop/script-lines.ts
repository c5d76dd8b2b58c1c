import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** What a client saw: `what`, and its content. */
export type SeenLine = readonly [what: string, content: unknown]

/**
 * What a script prints, one JSON object on a line. It waits for `restart` after the line of that name, and goes on then.
 *
 * @throws if it ends with another code than 0.
 */
export async function linesOf(
  child: ChildProcess,
  restart: (content: unknown) => Promise<void> = async () => {},
): Promise<readonly SeenLine[]> {
  const exited = once(child, 'exit')
  const lines: SeenLine[] = []
  if (child.stdout === null) throw new Error('the script has no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const { what, content } = JSON.parse(line) as { readonly what: string; readonly content: unknown }
    lines.push([what, content])
    if (what !== 'restart') continue
    await restart(content)
    child.stdin?.write('go on\n')
  }
  const [code] = (await exited) as [number | null]
  if (code !== 0) throw new Error(`the script ended with ${code} after ${JSON.stringify(lines)}`)
  return lines
}
