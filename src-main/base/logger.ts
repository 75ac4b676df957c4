/** What a log line says beside its sentence: plain values, errors included. */
export type LogFields = Readonly<Record<string, unknown>>

/** Where the parts report what a person should know. Never awaited, never throws. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Says nothing: for tests, and for parts whose owner does not want to hear them. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
}

/** A logger over one function: the real sink is somebody else's business. */
export function loggerTo(write: (level: LogLevel, message: string, fields: LogFields) => void, bound: LogFields = {}): Logger {
  const say = (level: LogLevel) => (message: string, fields?: LogFields) => write(level, message, { ...bound, ...fields })
  return {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: fields => loggerTo(write, { ...bound, ...fields }),
  }
}
