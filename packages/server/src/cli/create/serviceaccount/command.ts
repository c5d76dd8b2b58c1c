import { type Command, Option } from 'commander'

const AFTER = `
Examples:
  kube-authn create serviceaccount jenkins | kubectl create -f -
  kube-authn create serviceaccount jenkins --namespace ci --token-secret | kubectl create -f -`

/** Adds `kube-authn create serviceaccount`. */
export function addServiceAccount(create: Command): void {
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
      const { createServiceAccount } = await import('../serviceaccount.ts')
      await createServiceAccount(name, options)
    })
}

/** The options of `kube-authn create serviceaccount`. */
export interface ServiceAccountOptions {
  readonly namespace: string
  readonly tokenSecret?: boolean
  readonly output: 'yaml' | 'json'
}
