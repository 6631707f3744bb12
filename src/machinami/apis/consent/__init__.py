"""The face by which consent is given and withdrawn, and legal classes, grounds and purposes are kept."""
