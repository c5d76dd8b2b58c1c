import { isIP } from 'node:net'
import type { ConfigurationProblem } from '@kube-authn/core'
import { quoted } from '@kube-authn/core/internal'
import { isGiven, numberOf, type ParsedFlags, stringOf } from '@kube-authn/node/internal'
import type { ListenAddress } from '../settings.ts'

/** Where a server listens with HTTPS, and how it says that it does. */
export interface ListenSettings {
  readonly secure: ListenAddress
  readonly output: 'text' | 'json'
}

/** What flags without problems say. */
export function listenSettings(flags: ParsedFlags): ListenSettings {
  return {
    secure: { host: stringOf(flags, 'bind-address'), port: numberOf(flags, 'secure-port') },
    output: stringOf(flags, 'output') === 'json' ? 'json' : 'text',
  }
}

/** Problems of addresses and ports, and of `--output`. An address that is empty would be all of the machine, so it must not be named. */
export function listenProblems(
  flags: ParsedFlags,
  { addresses, ports }: { readonly addresses: readonly string[]; readonly ports: readonly string[] },
): readonly ConfigurationProblem[] {
  const problems: ConfigurationProblem[] = []
  const add = (name: string, message: string): void => void problems.push({ path: `--${name}`, message })
  for (const name of addresses) {
    const address = stringOf(flags, name)
    if (isGiven(flags, name) && isIP(address) === 0)
      add(name, `must be an IP address, not ${quoted(address)}`)
  }
  for (const name of ports) {
    const port = numberOf(flags, name)
    if (port < 0 || port > 65_535) add(name, `must be a port from 0 to 65535, not ${port}`)
  }
  if (!['text', 'json'].includes(stringOf(flags, 'output'))) add('output', 'must be text or json')
  return problems
}
