import {
  SERVICE_ACCOUNT_NAME_ANNOTATION,
  SERVICE_ACCOUNT_SECRET_TYPE,
} from '@kube-authn/core/service-account'
import { dns1123LabelProblems, dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { Failure } from '../failure.ts'
import { choiceOption } from '../terminal/options.ts'
import { write, type Terminal } from '../terminal/terminal.ts'

const AFTER = `
Examples:
  kube-authn create serviceaccount jenkins | kubectl create -f -
  kube-authn create serviceaccount jenkins --namespace ci --token-secret | kubectl create -f -`

export function declareServiceAccount(command: Command, terminal: Terminal): void {
  command
    .summary('the manifest of a service account')
    .description('Prints the manifest of a service account.')
    .argument('<name>', 'its name')
    .option('-n, --namespace <name>', 'its namespace', 'default')
    .option('--token-secret', 'add a Secret that a controller fills with a token that does not expire')
    .addOption(choiceOption('-o, --output <format>', 'the format of the manifest', ['yaml', 'json']))
    .addHelpText('after', AFTER)
    .action((name: string, options: ServiceAccountOptions) => createServiceAccount(name, options, terminal))
}

interface ServiceAccountOptions {
  readonly namespace: string
  readonly tokenSecret?: boolean
  readonly output: 'yaml' | 'json'
}

/** Prints the manifest of a service account and, if it is asked for, of a Secret for its token. */
async function createServiceAccount(
  name: string,
  { namespace, tokenSecret = false, output }: ServiceAccountOptions,
  terminal: Terminal,
): Promise<void> {
  checkServiceAccount(namespace, name, 'name')
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } }
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `${name}-token`,
      namespace,
      annotations: { [SERVICE_ACCOUNT_NAME_ANNOTATION]: name },
    },
    type: SERVICE_ACCOUNT_SECRET_TYPE,
  }
  const items = tokenSecret ? [account, secret] : [account]
  if (output === 'yaml') {
    await write(terminal, items.map((each) => stringify(each)).join('---\n'))
    return
  }
  const shown = items.length === 1 ? account : { apiVersion: 'v1', kind: 'List', items }
  await write(terminal, `${JSON.stringify(shown, null, 2)}\n`)
}

/**
 * Checks the namespace and name of a service account.
 *
 * @param what the argument with the name, for messages.
 * @throws {Failure} if the API server would refuse one of them.
 */
export function checkServiceAccount(namespace: string, name: string, what: string): void {
  const [ofNamespace] = dns1123LabelProblems(namespace)
  if (ofNamespace !== undefined) throw new Failure(`--namespace: ${ofNamespace}`)
  const [ofName] = dns1123SubdomainProblems(name)
  if (ofName !== undefined) throw new Failure(`${what}: ${ofName}`)
}
