import pytest

from retinue.lessons.grading.students import whose


@pytest.mark.parametrize(
    ("path", "name", "apart"),
    [
        ("Müller Anna_123456_assignsubmission_file_/lab2.ipynb", "Müller Anna", "123456"),
        ("Müller Anna_123456_assignsubmission_file_lab2.ipynb", "Müller Anna", "123456"),
        ("Müller Anna_123456_assignsubmission_file/a/lab2.ipynb", "Müller Anna", "123456"),
        ("Müller Anna_123456_assignsubmission_onlinetext_/x.html", "Müller Anna", "123456"),
        ("Participant_6028356_assignsubmission_file_/x.ipynb", "Participant 6028356", "6028356"),
        ("schmidtben_12345_67890_lab2-1.ipynb", "schmidtben", "12345"),
        ("schmidtben_LATE_12345_67890_lab2_for_anna.ipynb", "schmidtben", "12345"),
        ("oneillpat_12345_text.html", "oneillpat", "12345"),
        ("anon_xY12z_67890_lab2.ipynb", "anon xY12z", "xY12z"),
        ("Abgaben/Team 12/Meier_Eva_evam_4321/lab2.ipynb", "Meier Eva", "4321"),
        ("Meier_Eva_4321/lab2.ipynb", "Meier Eva", "4321"),
        ("Rossi, Gina(gr12)/Submission attachment(s)/lab.ipynb", "Rossi, Gina", "gr12"),
        ("Lab 2_hugo1_attempt_2026-01-31-10-00-00_lab2.ipynb", "hugo1", "hugo1"),
    ],
)
def test_what_platforms_name_is_taken_apart(path: str, name: str, apart: str) -> None:
    (found,) = whose([path])
    assert (found.name, found.apart) == (name, apart)


def test_canvas_says_who_is_late() -> None:
    late, not_late = whose(["benno_LATE_12_34_lab2.ipynb", "later_12_34_lab2.ipynb"])
    assert (late.is_late, not_late.is_late) == (True, False)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["anna.ipynb", "lab2_ben schmidt (1).ipynb"], ["anna", "ben schmidt"]),
        (["Copy of Cem-lab2.ipynb", "s1234567_lab2.ipynb"], ["Cem", "s1234567"]),
        (["sub/anna/lab2.ipynb", "sub/ben/lab2/x.ipynb"], ["anna", "ben"]),
        (["class/anna.ipynb", "class/ben.ipynb"], ["anna", "ben"]),
        (["anna/lab2.ipynb", "ben.zip/lab2.ipynb"], ["anna", "ben"]),
        (["a/anna/x.ipynb", "a/ben/x.ipynb", "b/cem/x.ipynb"], ["anna", "ben", "cem"]),
        (["export.zip/anna/lab2.ipynb", "export.zip/ben/lab2.ipynb"], ["anna", "ben"]),
        (["lab2.ipynb"], ["lab2"]),
        (["../../etc/lab.ipynb"], ["etc"]),
    ],
)
def test_folders_and_files_are_called_after_students(paths: list[str], names: list[str]) -> None:
    assert [one.name for one in whose(paths)] == names


def test_files_of_one_student_belong_together() -> None:
    same = ["anna/lab1/lab1.ipynb", "anna/lab2/lab2.ipynb", "ben/lab2/lab2.ipynb"]
    keys = [one.key for one in whose(same)]
    assert keys[0] == keys[1] != keys[2]
    keys = [one.key for one in whose(["anna.ipynb", "Anna (1).ipynb", "anna lab2.py"])]
    assert len(set(keys)) == 1


def test_two_of_one_name_are_two() -> None:
    paths = [f"Müller Anna_{number}_assignsubmission_file_/x.ipynb" for number in (1, 2)]
    assert len({one.key for one in whose(paths)}) == 2
    assert len({one.key for one in whose(["a/anna/x.ipynb", "b/anna/x.ipynb", "b/c/x"])}) == 3


def test_long_names_are_shown_short_and_kept_apart() -> None:
    long = "a" * 250
    found = whose([f"{long}b.ipynb", f"{long}c.ipynb"])
    assert found[0].key != found[1].key
    assert all(len(one.name) == 80 for one in found)
