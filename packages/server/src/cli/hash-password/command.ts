import { type Command, Option } from 'commander'
import { collect } from '../terminal/collect.ts'

const AFTER = `
The password is asked for twice at a terminal, and is the first line of standard input otherwise. The hash is printed as
a field of a password file: in quotes, since it has commas. argon2id and scrypt take about as long to check as each other;
bcrypt knows the first 72 bytes of a password only.

Examples:
  kube-authn hash-password
  kube-authn hash-password --username jane --uid 1 --group dev --group ops >> users.csv
  pass show jane | kube-authn hash-password --algorithm scrypt`

/** Adds `kube-authn hash-password`. */
export function addHashPassword(root: Command): void {
  root
    .command('hash-password')
    .summary('hash a password for a password file')
    .description('Hashes a password for the file of --basic-auth-file, with a random salt.')
    .addOption(
      new Option('-a, --algorithm <name>', 'the kind of hash')
        .choices(['argon2id', 'scrypt', 'bcrypt'])
        .default('argon2id'),
    )
    .option('--username <name>', 'print the whole line of the file for this user')
    .option('--uid <uid>', 'the uid in that line')
    .option('--group <name>', 'a group in that line; may be repeated', collect, [])
    .addHelpText('after', AFTER)
    .action(async (options: HashPasswordOptions) => {
      const { printHash } = await import('./hash-password.ts')
      await printHash(options)
    })
}

/** The options of `kube-authn hash-password`. */
export interface HashPasswordOptions {
  readonly algorithm: 'argon2id' | 'scrypt' | 'bcrypt'
  readonly username?: string
  readonly uid?: string
  readonly group: readonly string[]
}
