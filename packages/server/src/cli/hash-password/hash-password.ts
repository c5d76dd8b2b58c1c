import { hashPassword } from '@kube-authn/core/password-file'
import type { Command } from 'commander'
import { Failure } from '../failure.ts'
import { choiceOption, collect } from '../terminal/options.ts'
import { askSecret, readSecret, STDIN } from '../terminal/input.ts'
import { note, type Terminal, write } from '../terminal/terminal.ts'

const AFTER = `
The password is asked for twice at a terminal, and is the first line of standard input otherwise. The hash is printed as
a field of a password file: in quotes, since it has commas. argon2id and scrypt take about as long to check as each other;
bcrypt knows the first 72 bytes of a password only.

Examples:
  kube-authn hash-password
  kube-authn hash-password --username jane --uid 1 --group dev --group ops >> users.csv
  pass show jane | kube-authn hash-password --algorithm scrypt`

export function declareCommand(command: Command, terminal: Terminal): void {
  command
    .description('Hashes a password for the file of --basic-auth-file, with a random salt.')
    .addOption(choiceOption('-a, --algorithm <name>', 'the kind of hash', ['argon2id', 'scrypt', 'bcrypt']))
    .option('--username <name>', 'print the whole line of the file for this user')
    .option('--uid <uid>', 'the uid in that line')
    .option('--group <name>', 'a group in that line; may be repeated', collect, [])
    .addHelpText('after', AFTER)
    .action((options: HashPasswordOptions) => printHash(options, terminal))
}

interface HashPasswordOptions {
  readonly algorithm: 'argon2id' | 'scrypt' | 'bcrypt'
  readonly username?: string
  readonly uid?: string
  readonly group: readonly string[]
}

async function printHash(
  { algorithm, username, uid, group }: HashPasswordOptions,
  terminal: Terminal,
): Promise<void> {
  if (username === undefined && (uid !== undefined || group.length > 0)) {
    throw new Failure('--uid and --group: name the user with --username')
  }
  if (group.some((each) => each.includes(','))) {
    throw new Failure('--group: a group in a file has no comma; repeat --group for several')
  }
  const hash = await hashed(terminal, await readPassword(terminal), algorithm)
  const groups = group.length === 0 ? [] : [group.join(',')]
  const fields = username === undefined ? [hash] : [hash, username, uid ?? '', ...groups]
  await write(terminal, `${fields.map(csvField).join(',')}\n`)
}

async function readPassword(terminal: Terminal): Promise<string> {
  if (!terminal.stdin.isTTY) return readSecret(terminal, STDIN, 'password')
  const password = await askSecret(terminal, 'Password: ')
  if (password === '') throw new Failure('the password is empty')
  if ((await askSecret(terminal, 'Again: ')) !== password)
    throw new Failure('the passwords differ; try again')
  return password
}

async function hashed(
  terminal: Terminal,
  password: string,
  algorithm: HashPasswordOptions['algorithm'],
): Promise<string> {
  if (terminal.stderr.isTTY) note(terminal, `hashing with ${algorithm} ...`)
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
