import type { Command } from 'commander'
import { write } from '../terminal/output.ts'
import { bashScript } from './bash.ts'
import { type CompletedCommand, completedCommands } from './tree.ts'
import { zshScript } from './zsh.ts'

const SCRIPTS: Readonly<Record<'bash' | 'zsh', (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
}

/** Prints the completion of a shell. */
export async function printCompletion(shell: 'bash' | 'zsh', root: Command): Promise<void> {
  await write(SCRIPTS[shell](completedCommands(root)))
}
