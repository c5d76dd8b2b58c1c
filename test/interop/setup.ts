import { installMissing } from './components.ts'

/** Runs once, before all suites. */
export function setup(): void {
  installMissing()
}
