import { readDuration } from '@kube-authn/core/internal'
import { Option } from 'commander'
import { Failure } from '../failure.ts'

/** Collects the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

/** An option that has one of these values; the first one is its default. */
export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices).default(choices[0])
}

export function outputOption(): Option {
  return choiceOption('-o, --output <format>', 'for people, or for programs', ['text', 'json'])
}

/** Reads a duration in Go's form, as in `1h30m`, or in days, as in `30d`. @throws {Failure} if it is not a positive duration. */
export function durationSeconds(text: string, option: string): number {
  const days = /^(\d{1,6})d$/.exec(text)?.[1]
  const reading = days === undefined ? readDuration(text) : { seconds: Number(days) * 86_400 }
  if ('problem' in reading || !(reading.seconds > 0)) {
    throw new Failure(`${option}: must be a positive duration such as 90m, 24h or 30d`)
  }
  return reading.seconds
}
