import type { ConfigurationProblem } from '@kube-authn/core'
import { nearestName } from '@kube-authn/core/internal'
import { shownFlag } from '@kube-authn/node/internal'

/**
 * The problem of a flag that a command does not have. Its value may be a secret, and is not shown.
 *
 * @param known the names of all flags of the command.
 */
export function unknownFlag(
  command: string,
  known: readonly string[],
  dashes: '-' | '--',
  name: string,
): ConfigurationProblem {
  const nearest = nearestName(name, known)
  const advice =
    nearest === undefined
      ? `; kube-authn ${command} --help has the known ones`
      : `, did you mean --${nearest}?`
  return {
    path: `${dashes}${shownFlag(name)}`,
    message: dashes === '-' ? `flags start with two dashes${advice}` : `unknown flag${advice}`,
  }
}
