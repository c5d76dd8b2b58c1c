/** Lets everything else that is due in this process have its turn: timers, and input and output. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0))
}
