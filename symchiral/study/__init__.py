"""Studies: the floors of the house strung together for one material, one file per floor."""

from symchiral.study.reading import predict as predict
from symchiral.study.reading import read as read
from symchiral.study.reading import structure as structure
from symchiral.study.study import Study as Study
