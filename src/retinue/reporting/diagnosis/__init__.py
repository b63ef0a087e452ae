"""What may be wrong with a training, and what to try: rules on what its run folder says."""

from retinue.reporting.diagnosis.diagnosing import RULES, diagnose
from retinue.reporting.diagnosis.diagnosis import Diagnosis

__all__ = ["RULES", "Diagnosis", "diagnose"]
