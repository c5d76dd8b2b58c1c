import { SERVICE_ACCOUNT_NAME_ANNOTATION, SERVICE_ACCOUNT_SECRET_TYPE } from '@kube-authn/core/internal'
import { stringify } from 'yaml'
import { write } from '../terminal/output.ts'
import { checkNames } from './names.ts'
import type { ServiceAccountOptions } from './serviceaccount/command.ts'

/** Prints the manifest of a service account and, if it is asked for, of a Secret for its token. */
export async function createServiceAccount(
  name: string,
  { namespace, tokenSecret = false, output }: ServiceAccountOptions,
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
    await write(items.map((each) => stringify(each)).join('---\n'))
    return
  }
  const shown = items.length === 1 ? account : { apiVersion: 'v1', kind: 'List', items }
  await write(`${JSON.stringify(shown, null, 2)}\n`)
}
