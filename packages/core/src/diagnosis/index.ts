export { writeEvent } from './write-event.ts'
export { writeAppWarning } from './app-warnings.ts'
export { writeRefusal } from './write-refusal.ts'
export { writeFailure } from './write-failure.ts'
