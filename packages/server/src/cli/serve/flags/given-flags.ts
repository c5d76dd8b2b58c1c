import type { ParsedFlags } from '@kube-authn/node/internal'

/**
 * The given flags of a table, as they were given.
 *
 * @param except flags of the table that the command itself reads.
 */
export function givenFlags(
  { given }: ParsedFlags,
  table: Readonly<Record<string, unknown>>,
  except: ReadonlySet<string>,
): readonly string[] {
  return [...given]
    .filter(([name]) => Object.hasOwn(table, name) && !except.has(name))
    .flatMap(([name, values]) => values.map((value) => `--${name}=${value}`))
}
