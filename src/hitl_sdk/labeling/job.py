"""A labeling job in one piece: the team, the files, the functions, and the job that ties them together."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from hitl_sdk import results
from hitl_sdk.errors import InvalidInputError, NotFoundError
from hitl_sdk.labeling import _life, chains
from hitl_sdk.labeling._checks import manifest_report, report_on
from hitl_sdk.labeling._diagnose import diagnosis_of
from hitl_sdk.labeling._settings import JobSettings
from hitl_sdk.labeling.diagnosis import Diagnosis
from hitl_sdk.labeling.estimate import JobEstimate, estimate_of
from hitl_sdk.labeling.job_output import Where
from hitl_sdk.labeling.job_report import JobReport
from hitl_sdk.labeling.state import LabelingJobState
from hitl_sdk.resources import Plan
from hitl_sdk.session import Session
from hitl_sdk.tasks import Task

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from hitl_sdk._frames import Engine, Frame

__all__ = ["LabelingJob"]

DEFAULT_TIMEOUT = 900.0


class LabelingJob(JobSettings):
    """A labeling job of Ground Truth, of any built-in kind or of one's own, with everything it stands on.

    The task says which kind it is: `BoundingBox` makes a job with AWS's own functions for bounding boxes,
    a task that Ground Truth has no kind for makes a custom one. All rules that can be broken are looked at
    when it is made, without any call, and told together.

    Parameters
    ----------
    name : str
        1 to 63 letters, digits and hyphens; no other job of the account and Region may have it, in whatever case.
    task : Task
        What workers see and answer; title, description and keywords describe the job to them.
    team : PrivateTeam or str
        Who labels: a team, which is provisioned too, or the ARN of one that exists.
    role_arn : str
        The role with which AWS reads the input and writes the output.
    input : str, InputManifest or SnsInput
        What is labelled: the address of a manifest, a manifest to be uploaded, or a topic.
    output : str
        Where the labels go: ``"s3://bucket/prefix"``. The job's own folder, of its name, lies below.
    pre_annotation, post_annotation : str, LambdaFunction or False, optional
        The functions that make the task of an object, and one label of its answers: an ARN, or a function
        to be deployed. AWS's own for the kind when left out; none if False, as a custom job may have it.
    prior_attribute : str, optional
        The label attribute of a former job whose labels are verified or adjusted.
    label_attribute : str, optional
        Under which key labels stand in the output manifest; the job's name when left out, with ``-ref``
        at its end where the kind asks for it. Objects that have a label under it are not labelled again.
    categories : LabelCategories, optional
        The labels, with attributes; the task's own when left out.
    workers_per_object : int, optional
        1 to 9; as many as AWS's console proposes for the kind when left out.
    task_time_limit : int, default 3600
        Seconds that one worker has for one task: at least 30, at most 28,800, and 30 days for video
        frames and point clouds.
    task_availability_lifetime : int, default 864000
        Seconds after which a task that is not answered expires: 60 to 2,592,000 (30 days).
    max_concurrent_tasks : int, default 1000
        Objects that are with workers at one time, 1 to 5,000: the size of a batch.
    max_human_labeled_objects : int, optional
        Stop once people have labelled so many objects.
    max_percentage_labeled : int, optional
        Stop once that share of the input is labelled: 1 to 100.
    automated : AutomatedLabeling, optional
        Have a model label what it is sure of.
    price : object, optional
        Refused: a price was for the public workforce, which closed on 30 September 2026.
    kms_key_id : str, optional
        The key that encrypts the output.
    output_topic_arn : str, optional
        The topic that is told of every labelled object of a streaming job.
    content_classifiers : sequence of str, optional
        ``"FreeOfPersonallyIdentifiableInformation"``, ``"FreeOfAdultContent"``.
    tags : mapping of str to str, optional
        Up to 50.

    Raises
    ------
    InvalidResourceError
        If a field breaks a rule, by itself or together with others; nothing has been sent then.

    Examples
    --------
    >>> import hitl_sdk as hitl
    >>> job = LabelingJob(
    ...     name="digits-1",
    ...     task=hitl.tasks.ImageClassification(name="digit", labels=range(10), title="Which digit?"),
    ...     team="arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/crew",
    ...     role_arn="arn:aws:iam::123456789012:role/labeling",
    ...     input="s3://bucket/digits.manifest",
    ...     output="s3://bucket/labels",
    ... )
    >>> job.kind.title, job.workers_per_object, job.attribute
    ('image classification, one label', 3, 'digits-1')
    >>> job.clone(name="digits-ref", task_time_limit=36_000)
    Traceback (most recent call last):
    ...
    hitl_sdk.errors.InvalidResourceError: LabelingJob can't be made:
      label_attribute: the label attribute of image classification, one label must not end in '-ref': ...
      task_time_limit: a task of image classification, one label may take at most 28,800 s: ...
    """

    @property
    def label(self) -> str:
        """The job in words, for messages: ``"labeling job 'digits-1'"``."""
        return f"labeling job '{self.name}'"

    @property
    def output_manifest_uri(self) -> str:
        """Where the output manifest lies, from the first labelled objects on."""
        return f"{self.output}/{self.name}/manifests/output/output.manifest"

    def check(self, session: Session | None = None) -> JobReport:
        """Look at what can only be seen beside the job: its input, and with a session where everything lies.

        Parameters
        ----------
        session : Session, optional
            Where the job would be made. Without one, nothing is asked of AWS. Makes only read calls.

        Returns
        -------
        JobReport
            Everything that was found, in one pass; printable.

        Examples
        --------
        >>> import hitl_sdk as hitl
        >>> job = LabelingJob(
        ...     name="digits-1",
        ...     task=hitl.tasks.ImageClassification(name="digit", labels=range(10), title="Which digit?"),
        ...     team="arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/crew",
        ...     role_arn="arn:aws:iam::123456789012:role/labeling",
        ...     input="s3://bucket/digits.manifest",
        ...     output="s3://bucket/labels",
        ... )
        >>> with hitl.testing.mock_hitl(region="us-east-1") as cloud:
        ...     print(job.check(cloud.session()))
        ! team: 'arn:aws:...' lies in Region eu-west-1, the session is in us-east-1 (use a resource of ...)
        ! input: there is no bucket 'bucket': make it, or name another
        ! output: there is no bucket 'bucket': make it, or name another
        """
        return report_on(self, session)

    def estimate(
        self,
        session: Session | None = None,
        *,
        seconds_per_task: float | None = None,
        wage_per_hour: float | None = None,
    ) -> JobEstimate:
        """Tell what the job will take: tasks, hours of people, and money, as far as that is known.

        Prices are those of a dated table; what is not known is said. Makes only read calls.

        Parameters
        ----------
        session : Session, optional
            Whose S3; needed for a manifest that lies there.
        seconds_per_task : float, optional
            What one person takes for one object.
        wage_per_hour : float, optional
            What an hour of a person costs.

        Raises
        ------
        InvalidInputError
            If the number of objects can't be known, as that of a streaming job, or a number is below 0.

        Examples
        --------
        >>> import hitl_sdk as hitl
        >>> job = LabelingJob(
        ...     name="mood-1",
        ...     task=hitl.tasks.TextClassification(name="mood", labels=["bad", "good"], title="Which mood?"),
        ...     team="arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/crew",
        ...     role_arn="arn:aws:iam::123456789012:role/labeling",
        ...     input=hitl.labeling.InputManifest.from_lines([{"source": f"review {n}"} for n in range(1200)]),
        ...     output="s3://bucket/labels",
        ... )
        >>> print(job.estimate(seconds_per_task=15, wage_per_hour=20))
        1,200 objects, each by 3 workers: 3,600 tasks
        15 hours of people at 15 s a task: 300.00 at 20.00 an hour
        96.00 USD to Ground Truth, by prices read on 2026-11-22
        not known: what else was labelled this month, which moves the tiers; ...
        """
        report = manifest_report(self, session)
        return estimate_of(self, report, seconds_per_task=seconds_per_task, wage_per_hour=wage_per_hour)

    def plan(self, session: Session) -> Plan:
        """Work out what `ensure` would do, if `check` finds nothing wrong. Makes only read calls.

        Parameters
        ----------
        session : Session
            Where it would be done.

        Returns
        -------
        Plan
            The changes of the team and the functions, unless they are given by ARN, then of the files, then the job.

        Raises
        ------
        ConflictError
            If there is a job whose name differs only in case.
        """
        return _life.plan(self, session)

    def ensure(self, session: Session, *, timeout: float = DEFAULT_TIMEOUT) -> LabelingJobState:
        """Make it so: the team and the functions, then the files, then the job, which starts at once.

        Safe to run again, after success or after a crash at any point: what exists is adopted, and no job
        is made twice; people who have joined the team since are invited. Files go under ``OUTPUT/NAME-input/``.

        Parameters
        ----------
        session : Session
            Where to do it.
        timeout : float, default 900
            Seconds to wait for any one resource; labeling itself is not waited for.

        Returns
        -------
        LabelingJobState
            The job as it is.

        Raises
        ------
        InvalidResourceError
            If `check` finds a problem; nothing has been made then.
        DriftError
            If there is a job of this name with other settings, files or input.
        ConflictError
            If there is a job whose name differs only in case.
        WaitTimeoutError
            If something is not usable in time.
        ServiceError
            If AWS refuses a call.
        """
        return _life.ensure(self, session, timeout)

    def describe(self, session: Session) -> LabelingJobState:
        """Return the job as it is.

        Parameters
        ----------
        session : Session
            Where to look.

        Raises
        ------
        NotFoundError
            If there is none of this name.
        """
        return _life.describe(self.name, session)

    def wait(
        self,
        session: Session,
        *,
        timeout: float,
        progress: bool = True,
        on_progress: Callable[[LabelingJobState], None] | None = None,
    ) -> LabelingJobState:
        """Wait until the job has ended.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float
            Seconds until `WaitTimeoutError`.
        progress : bool, default True
            Whether a bar shows the labelled objects, if tqdm is installed and somebody looks.
        on_progress : callable, optional
            Called with every state that is seen.

        Returns
        -------
        LabelingJobState
            Completed; `state.ok` tells whether all objects were labelled. Stopped only for a streaming job
            or one with a condition for stopping, which end so.

        Raises
        ------
        ResourceFailedError
            If the job has failed, or somebody has stopped it.
        WaitTimeoutError
            If the deadline passes first; the job goes on.
        """
        return _life.wait(self, session, timeout, on_progress, shown=progress)

    def stop(self, session: Session, *, timeout: float = DEFAULT_TIMEOUT) -> LabelingJobState:
        """Stop the job, and wait until it has ended. What is labelled stays in the output manifest.

        Parameters
        ----------
        session : Session
            Where it is.
        timeout : float, default 900
            Seconds to wait: answers that were given are made labels first.

        Returns
        -------
        LabelingJobState
            Stopped; or as it ended before.

        Raises
        ------
        NotFoundError
            If there is no such job.
        WaitTimeoutError
            If it is still stopping when the deadline passes.
        """
        return _life.stop(self, session, timeout)

    def clone(self, *, name: str, **changes: Any) -> Self:
        """Return another job with the same input and settings.

        Parameters
        ----------
        name : str
            Its name.
        **changes
            Fields that are not the same.

        Raises
        ------
        InvalidResourceError
            If a field breaks a rule.
        """
        return type(self)(**{**_life.given_fields(self), "name": name, **changes})

    def resume(self, session: Session, *, name: str) -> Self:
        """Return the job that goes on where this one was stopped or has failed.

        Its input is this one's output manifest and its label attribute the same, so that only objects
        without a label are labelled. Automated labeling begins with the model that this job has trained.

        Parameters
        ----------
        session : Session
            Where this job is.
        name : str
            The new job's name.

        Raises
        ------
        InvalidInputError
            If this job has not ended yet, or all its objects are labelled.
        NotFoundError
            If there is no such job, or it has written no output.
        """
        state = self.describe(session)
        if not state.has_ended:
            raise InvalidInputError(f"{self.label} is {state.status}", hint="stop it first, or wait for it")
        if state.counters.total and not (state.counters.unlabeled or state.counters.failed):
            raise InvalidInputError(
                f"{self.label} has labelled all {state.counters.total:,} objects",
                hint="there is nothing to go on with",
            )
        source = _life.written_manifest(self, state, session)
        automated = self.automated
        if automated is not None and state.final_model_arn is not None:
            automated = automated.model_copy(update={"initial_model_arn": state.final_model_arn})
        return self.clone(name=name, input=source, label_attribute=self.attribute, automated=automated)

    def verify(self, *, name: str, where: Where | None = None, **changes: Any) -> Self:
        """Return the job in which people judge this job's labels. It can be made as soon as this one has ended.

        Parameters
        ----------
        name : str
            Its name, and its label attribute unless that is changed.
        where : callable, optional
            Which labels, all when left out: takes a row of `read_manifest`, ``lambda row: row["confidence"] < 0.8``.
        **changes
            Fields that are not this job's, for example a ``task`` with instructions or ``workers_per_object``.

        Returns
        -------
        LabelingJob
            With the same team, role and output. Boxes, semantic masks and the class of an image can be verified; of video
            frames and point clouds the job is an adjustment in which nothing may be changed, and the verdict is the
            attribute ``verdict`` of each frame, as AWS does it.

        Raises
        ------
        InvalidInputError
            If there is no task for it.
        InvalidResourceError
            If a field breaks a rule.
        """
        return chains.verifying(self, name, where, **changes)

    def adjust(self, *, name: str, where: Where | None = None, **changes: Any) -> Self:
        """Return the job in which people mend this job's labels. It can be made as soon as this one has ended.

        Parameters
        ----------
        name : str
            Its name, and its label attribute unless that is changed.
        where : callable, optional
            Which labels, as in `verify`.
        **changes
            Fields that are not this job's.

        Raises
        ------
        InvalidInputError
            If Ground Truth has no adjustment for such labels: it has it for boxes, semantic masks, video frames and
            point clouds.
        InvalidResourceError
            If a field breaks a rule.
        """
        return chains.adjusting(self, name, where, **changes)

    def then(self, *, name: str, task: Task, where: Where | None = None, **changes: Any) -> Self:
        """Return a job that asks more of this job's objects, for hierarchical labels.

        Parameters
        ----------
        name : str
            Its name, and its label attribute unless that is changed.
        task : Task
            What is asked.
        where : callable, optional
            Of which objects, by their label: ``lambda row: row["label"] == "dog"``.
        **changes
            Fields that are not this job's.

        Raises
        ------
        InvalidResourceError
            If a field breaks a rule.
        """
        return chains.following(self, name, where, task=task, **changes)

    def relabel(self, *, name: str, where: Where, after: "LabelingJob | None" = None, **changes: Any) -> Self:
        """Return the job in which some objects are labelled again, under the same attribute.

        Its output manifest has all objects of this one: those that are not meant keep their label.

        Parameters
        ----------
        name : str
            Its name.
        where : callable
            Which objects: takes a row of `read_manifest`, of this job or of `after`.
        after : LabelingJob, optional
            A later job of the chain, such as a verification, whose output is gone through and whose labels
            `where` is about.
        **changes
            Fields that are not this job's, for example ``workers_per_object``.

        Raises
        ------
        InvalidResourceError
            If a field breaks a rule.
        """
        return chains.relabeling(self, name, where, after, **changes)

    def diagnose(self, session: Session) -> Diagnosis:
        """Look for what keeps the job from moving. Makes only read calls.

        Looked at are how it ended, failed objects, the people of the team, expired tasks, functions of one's own, the
        manifest, the buckets' Regions and CORS rules, the template's answer, and a queue that was left.

        Parameters
        ----------
        session : Session
            Where it is.

        Returns
        -------
        Diagnosis
            What was found, each with evidence and cure; printable.

        Raises
        ------
        NotFoundError
            If there is no such job.
        """
        return diagnosis_of(self.describe(session), session)

    @overload
    def read(
        self, session: Session, engine: Literal["pandas"] = ..., *, follow: bool = ...
    ) -> "pd.DataFrame": ...
    @overload
    def read(self, session: Session, engine: Literal["polars"], *, follow: bool = ...) -> "pl.DataFrame": ...
    @overload
    def read(self, session: Session, engine: Literal["arrow"], *, follow: bool = ...) -> "pa.Table": ...

    def read(self, session: Session, engine: "Engine" = "pandas", *, follow: bool = False) -> "Frame":
        """Read the output manifest: one row an object; see `hitl_sdk.results.read_manifest`.

        Parameters
        ----------
        session : Session
            Whose S3.
        engine : {"pandas", "polars", "arrow"}, default "pandas"
            Whose frame.
        follow : bool, default False
            Read the files that masks, videos and point clouds lie in, too.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            The labels of this job's own attribute.

        Raises
        ------
        NotFoundError
            If nothing has been written yet.
        """
        try:
            return results.read_manifest(
                self.output_manifest_uri,
                attribute=self.attribute,
                follow=follow,
                session=session,
                engine=engine,
            )
        except NotFoundError as error:
            raise NotFoundError(
                f"{self.label} has no output manifest yet",
                hint="wait() until it has ended; diagnose() if it does not move",
                resource=self.label,
            ) from error
