/** Whether this page is in a window of the desktop app, whose host can open dialogs, and not in a browser. */
export const isInDesktop = () => window.trilog !== undefined
