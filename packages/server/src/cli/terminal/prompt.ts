import { Failure, Interrupted } from '../failure.ts'
import type { Terminal } from './terminal.ts'

/**
 * Asks for a secret at the terminal, without showing it. The question goes to stderr, so that stdout can be piped.
 *
 * @throws {Failure} if standard input is not a terminal.
 */
export async function askSecret({ stdin, stderr }: Terminal, question: string): Promise<string> {
  if (!stdin.isTTY) throw new Failure('standard input is not a terminal')
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.setEncoding('utf8')
  stdin.resume()
  try {
    return await typedLine(stdin)
  } finally {
    stdin.setRawMode(false)
    stdin.pause()
    stderr.write('\n')
  }
}

const [CTRL_C, CTRL_D, CTRL_U, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\u0015', '\b', '\u007f']

/** A raw terminal sends keys one by one, and does not interpret them. */
function typedLine(stdin: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed: string[] = []
    const onData = (data: string): void => {
      for (const key of data) {
        const isEnd = key === '\r' || key === '\n' || key === CTRL_D
        if (isEnd || key === CTRL_C) {
          stdin.off('data', onData)
          if (isEnd) resolve(typed.join(''))
          else reject(new Interrupted())
          return
        }
        if (key === CTRL_U) typed.length = 0
        else if (key === BACKSPACE || key === DELETE) typed.pop()
        else typed.push(key)
      }
    }
    stdin.on('data', onData)
  })
}
