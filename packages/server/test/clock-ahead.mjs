// The clock of a process that imports this is 30 s ahead, or as many milliseconds as CLOCK_AHEAD_MS says.
const realNow = Date.now
const aheadMs = Number(process.env.CLOCK_AHEAD_MS ?? 30_000)
Date.now = () => realNow() + aheadMs
