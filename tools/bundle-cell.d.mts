/** Bundles the program of cell processes, in the package in this folder, from what tsc has made of it. */
export function bundleCell(folder: string): Promise<void>;
