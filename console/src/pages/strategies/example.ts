// The ready-made strategies: the example that the server's tests check.

import example from "../../../../crates/reach/src/playbook/example.json";
import type { Playbook } from "./playbook";

export const EXAMPLE = example as unknown as Playbook;
