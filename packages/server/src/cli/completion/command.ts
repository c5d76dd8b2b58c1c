import { Argument, type Command } from 'commander'

const AFTER = `
Examples:
  kube-authn completion bash > ~/.local/share/bash-completion/completions/kube-authn
  kube-authn completion zsh > "\${fpath[1]}/_kube-authn"
  source <(kube-authn completion bash)`

/** Adds `kube-authn completion`. */
export function addCompletion(root: Command): void {
  root
    .command('completion')
    .summary('complete commands and options in a shell')
    .description(
      'Prints a script with which a shell completes the commands, options and values of kube-authn.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh']))
    .addHelpText('after', AFTER)
    .action(async (shell: 'bash' | 'zsh') => {
      const { printCompletion } = await import('./completion.ts')
      await printCompletion(shell, root)
    })
}
