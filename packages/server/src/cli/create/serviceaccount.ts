import {
  SERVICE_ACCOUNT_NAME_ANNOTATION,
  SERVICE_ACCOUNT_SECRET_TYPE,
} from '@kube-authn/core/service-account'
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { write, type Terminal } from '../terminal/terminal.ts'
import { checkNames } from './names.ts'

const AFTER = `
Examples:
  kube-authn create serviceaccount jenkins | kubectl create -f -
  kube-authn create serviceaccount jenkins --namespace ci --token-secret | kubectl create -f -`

/** Adds `kube-authn create serviceaccount`. */
export function addServiceAccount(create: Command, terminal: Terminal): void {
  create
    .command('serviceaccount')
    .summary('the manifest of a service account')
    .description('Prints the manifest of a service account.')
    .argument('<name>', 'its name')
    .option('-n, --namespace <name>', 'its namespace', 'default')
    .option('--token-secret', 'add a Secret that a controller fills with a token that does not expire')
    .addOption(
      new Option('-o, --output <format>', 'the format of the manifest')
        .choices(['yaml', 'json'])
        .default('yaml'),
    )
    .addHelpText('after', AFTER)
    .action(async (name: string, options: ServiceAccountOptions) => {
      await createServiceAccount(name, options, terminal)
    })
}

/** The options of `kube-authn create serviceaccount`. */
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
  checkNames(namespace, name, 'name')
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
