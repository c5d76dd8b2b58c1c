import { type ConfigurationProblem, refuseProblems } from '@kube-authn/core/internal'
import { parseFlags } from '@kube-authn/node/internal'
import { SERVE_TABLE } from '../serve/flags/flag-table.ts'
import { isWithoutEffect, REFUSED_FLAGS } from '../serve/flags/other-flags.ts'
import { OWN_FLAGS } from '../serve/flags/serving-flags.ts'
import { unknownFlag } from '../serve/flags/unknown-flag.ts'

const FLAGS = new Map([...SERVE_TABLE.flags].filter(([name]) => !Object.hasOwn(OWN_FLAGS, name)))

/**
 * Refuses flags that neither this command nor kube-apiserver has. A misspelt option would otherwise be taken for a flag without meaning here, and the
 * explanation would be that of another request.
 *
 * @param options the names of the options of the command, without dashes.
 * @throws {ConfigurationError} with every such flag.
 */
export function refuseUnknownFlags(flags: readonly string[], options: readonly string[]): void {
  const known = [...options, ...FLAGS.keys()]
  const found: ConfigurationProblem[] = []
  parseFlags(
    flags,
    {},
    {
      ...SERVE_TABLE,
      flags: FLAGS,
      unknown(dashes, name) {
        const isOfServer =
          dashes === '--' ? isWithoutEffect(name) || Object.hasOwn(REFUSED_FLAGS, name) : /^v\d*$/.test(name)
        if (!isOfServer) found.push(unknownFlag('explain', known, dashes, name))
        return undefined
      },
    },
  )
  refuseProblems(found)
}
