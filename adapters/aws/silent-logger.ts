/** A logger for SDK clients, which print warnings of their own: what matters comes back as an error. */
export const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };
