import { hashPassword } from '@kube-authn/core/internal'
import { Failure } from '../failure.ts'
import { readSecret, STDIN } from '../terminal/input.ts'
import { note, write } from '../terminal/output.ts'
import { askSecret } from '../terminal/prompt.ts'
import type { HashPasswordOptions } from './command.ts'

/** Prints the hash of a password as a field of a CSV file, or the whole line of a user. */
export async function printHash({ algorithm, username, uid, group }: HashPasswordOptions): Promise<void> {
  if (username === undefined && (uid !== undefined || group.length > 0)) {
    throw new Failure('--uid and --group: name the user with --username')
  }
  if (group.some((each) => each.includes(','))) {
    throw new Failure('--group: a group in a file has no comma; repeat --group for several')
  }
  const hash = await hashed(await readPassword(), algorithm)
  if (username === undefined) {
    await write(`${csvField(hash)}\n`)
    return
  }
  const groups = group.length === 0 ? [] : [group.join(',')]
  await write(`${[hash, username, uid ?? '', ...groups].map(csvField).join(',')}\n`)
}

async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return readSecret(STDIN, 'password')
  const password = await askSecret('Password: ')
  if (password === '') throw new Failure('the password is empty')
  if ((await askSecret('Again: ')) !== password) throw new Failure('the passwords differ; try again')
  return password
}

async function hashed(password: string, algorithm: HashPasswordOptions['algorithm']): Promise<string> {
  if (process.stderr.isTTY) note(`hashing with ${algorithm} ...`)
  try {
    return await hashPassword(password, algorithm)
  } catch (error) {
    if (error instanceof RangeError) throw new Failure(error.message, { cause: error })
    throw error
  }
}

/** Source: RFC 4180 section 2. */
function csvField(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
